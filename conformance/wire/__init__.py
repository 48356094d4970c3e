"""The only way to send requests to the target: every request passes the same httpx transports."""
