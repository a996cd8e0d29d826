"""The commands of `mercato`, a module for those that need the same.

`kg.commands.main` imports a module when one of its commands is called. Nothing here does the work of a department:
a command reads options, calls one function, and prints.
"""
