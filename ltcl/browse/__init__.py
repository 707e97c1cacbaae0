"""The images of a config exactly as its network gets them, on a contact sheet."""
