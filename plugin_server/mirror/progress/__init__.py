"""How far each sync has come and how it is doing."""
