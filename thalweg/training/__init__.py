"""A whole run as one program: fitting, its history, its files, what it says when it fails."""
