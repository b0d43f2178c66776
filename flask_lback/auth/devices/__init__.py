"""The browsers that an account has signed in from."""
