"""The processes of an instance: who starts them, watches them and stops them."""
