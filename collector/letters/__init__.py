"""What is written to people and programs outside: e-mails, calendar invitations, webhook calls.

Pure: from what the register knows to bytes. Nothing here sends anything, reads a clock or a file
other than its own templates.
"""
