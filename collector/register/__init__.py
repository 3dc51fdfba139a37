"""What is declared and announced: the catalogue, the windows and each of their steps."""
