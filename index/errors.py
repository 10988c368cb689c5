"""Every error that newsdesk raises on purpose, in all files, each under the class it derives from.

NewsdeskError            a sentence for a person: what failed, which one, what to do next
├── SettingsError        a setting is unknown, misspelt or cannot work
├── ArchiveError         the archive cannot be used as it stands
│   ├── LockedError      another process is writing to it
│   ├── ModelChanged     it was embedded by a different model
│   └── DiskFull         there is no room for what must be written
├── VectorsError         the search index cannot be read or written; the catalog still can
│   └── ServerDown       the Chroma server does not answer, or lets nobody in
├── ModelError           the embedding model or the reranker cannot be loaded
├── ClusterError         Ray cannot be used, or its cluster failed
├── UnreadableError      one file or record cannot be read; a run lists it and goes on
│   └── PageError        a web page or feed cannot be had
├── QuestionError        a question cannot be answered as it stands
├── RequestError         a request over HTTP says something that cannot be
├── DeskError            the desk failed where it should not; the text says where
├── LlmError             a language model could not be used
├── SlackError           Slack did not do what it was asked
│   ├── SlackRefused     it said no, and will say it again
│   │   └── TokenRefused it refuses the token
│   ├── SlackUnreachable it did not answer, or not sensibly, for as long as was tried
│   └── Unclear          one call may have taken effect or not; it is tried again
├── EvalError            a measurement cannot be made
└── DataError            a data set cannot be read
UnknownShape             a model cannot be built without torch; torch runs it then
ChromaRefused            the Chroma server answered and refused; callers get ServerDown
StopRequested            somebody asked the work to end: no failure
"""


class NewsdeskError(Exception):
    """A failure whose text is meant for the person at the keyboard."""


class RequestError(NewsdeskError):
    """A request over HTTP says something that cannot be; the text says what."""


class SettingsError(NewsdeskError):
    """A setting is unknown, misspelt or cannot work."""


class ArchiveError(NewsdeskError):
    """The archive cannot be used as it stands."""


class LockedError(ArchiveError):
    """Another process is writing to the archive."""


class ModelChanged(ArchiveError):
    """The archive was embedded by a different model than the one in the settings."""


class DiskFull(ArchiveError):
    """There is no room for what must be written."""


class VectorsError(NewsdeskError):
    """The search index cannot be read or written; the catalog still can."""


class ServerDown(VectorsError):
    """The Chroma server does not answer, or lets nobody in."""


class ModelError(NewsdeskError):
    """The embedding model or the reranker cannot be loaded."""


class ClusterError(NewsdeskError):
    """Ray cannot be used, or its cluster failed in the middle of a run."""


class UnreadableError(NewsdeskError):
    """One file or record cannot be read; a run lists it and goes on.

    ``passing``: the cause lies outside the file (its permissions, the disk), so every run tries again.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class PageError(UnreadableError):
    """A web page or feed cannot be had.

    ``lasting``: asking again will not help. ``down``: the site cannot be reached or wants to be left alone, so that its
    other pages need not be tried in this run. ``status``: what the site answered, None if it did not.
    """

    def __init__(self, message: str, *, lasting: bool = False, down: bool = False, status: int | None = None) -> None:
        super().__init__(message)
        self.lasting, self.down, self.status = lasting, down, status

    @property
    def gone(self) -> bool:
        """Tell whether the site says that there is no such page (any more)."""
        return self.status in (404, 410)


class UnknownShape(Exception):
    """A model is not of the one shape that is built without torch; the text says in what it differs."""


class ChromaRefused(Exception):
    """The Chroma server, or a proxy before it, answered and refused: a wrong key, a limit, a wrong certificate."""


class StopRequested(Exception):
    """Somebody asked the work to end: what has been done so far may be a part of it."""
