"""The vault (题库室): a machine and a database of its own; nothing leaves it but parcels."""
