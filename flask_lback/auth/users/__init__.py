"""What an account is: columns, names, questions about rights, the managers of its class."""
