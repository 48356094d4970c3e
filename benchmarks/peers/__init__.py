"""This suite beside its peers, on the same servers in the same run: what each costs, finds and does to a server."""
