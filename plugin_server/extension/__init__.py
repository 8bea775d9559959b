"""The browser extension, packaged for one deployment: its server, its helpdesk, its names and icons, its fixed ids."""
