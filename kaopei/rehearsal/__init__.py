"""Plays a whole month through the public doors of the programs: commands, HTTP forms and files. No back door.

It knows no model, query or action. What a person could not do in a browser, at a prompt or with a USB stick,
it cannot do.
"""
