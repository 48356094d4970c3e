"""The one door to the target: every byte passes the same row of httpx transports."""
