"""The control room: alarms, map and convoys in the browser, folded from the topics."""
