"""The desk: question in, checked and cited answer out."""
