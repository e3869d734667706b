"""A project's pipeline handed to a cluster: staged, uploaded once, started once, followed to its verdict."""
