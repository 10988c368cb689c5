"""Quality and speed, measured on data sets; nobody imports it."""

import index  # noqa: F401  before numpy, as in the product: it sets how numpy's threads wait
