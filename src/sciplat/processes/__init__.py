"""The processes of an instance, and the supervisor that starts and watches them."""
