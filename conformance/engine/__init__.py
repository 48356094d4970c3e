"""What the author of a test uses: sessions that send requests and check responses, and engines that test a spec."""
