"""A small model that tells whether a sentence answers a question: its data, training, figures and export.

python -m evals.reader pairs → train → export → measure; nothing of the product imports it.
"""

import index  # noqa: F401  before numpy, as in the product: it sets how numpy's threads wait
