"""Quality and speed, measured on data sets. Nobody imports it."""
