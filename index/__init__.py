"""The archive: articles, passages and search. It knows no Slack, no language model and no settings."""

import os

# Read when numpy is first imported. After a product OpenBLAS's threads would wait for the next one awake, on the cores
# that the model needs then: a question to 96,000 passages took 84 ms in place of 56, and twice the processor time.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
