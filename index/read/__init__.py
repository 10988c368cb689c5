"""Readers: from files, web pages and feeds to records. Each loads its library when it is first needed.

A reader knows no catalog. What it cannot read it reports in one sentence.
"""
