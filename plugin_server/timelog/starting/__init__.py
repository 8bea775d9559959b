"""Starting a timer from the toolbar: on the ticket on show, and on the last ones."""
