"""From files, web pages and feeds to records: each kind of file has a reader that loads its library when it is needed.

A reader knows nothing of the catalog; what it cannot read it says in one sentence.
"""
