"""Two runs compared: SAFE, LOOK or STOP."""
