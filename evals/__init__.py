"""Quality and speed, measured on data sets; nobody imports it."""
