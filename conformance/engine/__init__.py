"""What the author of a test uses: sessions that send and judge, and engines that test a whole spec."""
