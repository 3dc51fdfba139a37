"""Takes letters out: to mail servers and to programs, again and again until they are taken."""
