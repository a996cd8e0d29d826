"""The commands of `mercato`, a module for those that need the same; `kg.cli` loads one when it is called for."""
