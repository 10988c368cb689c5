"""Language models, through llama-index: the text that a model writes, piece by piece and within a time limit, and what
it cost.

Only this file imports llama-index's packages for language models.

LlmError: a model could not be used. Its text says to the operator what to do, and never contains the key, the prompt or
the answer.
"""

from __future__ import annotations

import contextlib
import email.utils
import gc
import importlib
import logging
import queue
import random
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from bot.write.prompt import tokens_of
from index.errors import NewsdeskError, SettingsError

if TYPE_CHECKING:
    from settings import LlmSettings

log = logging.getLogger("newsdesk.llm")

# provider: module and class of its integration, its address if no other is set, whether it needs a key, and what pip
# installs (pyproject.toml has the same)
_PROVIDERS = {
    "openai": (
        "llama_index.llms.openai",
        "OpenAI",
        "https://api.openai.com/v1",
        True,
        "llama-index-llms-openai>=0.8,<0.9",
    ),
    "openai-like": ("llama_index.llms.openai_like", "OpenAILike", "", False, "llama-index-llms-openai-like>=0.8,<0.9"),
    "anthropic": (
        "llama_index.llms.anthropic",
        "Anthropic",
        "https://api.anthropic.com",
        True,
        "llama-index-llms-anthropic>=0.12,<0.13 anthropic<1",
    ),
    "ollama": (
        "llama_index.llms.ollama",
        "Ollama",
        "http://localhost:11434",
        False,
        "llama-index-llms-ollama>=0.11,<0.12",
    ),
}
_TRIES = 4
_PAUSE = 0.5  # seconds before the second try; each further one waits twice as long
_LEAST = 1.0  # seconds that must be left for another try
_CUT = ("length", "max_tokens", "content_filter", "refusal")  # how providers say that a text is no whole one
_PASSING = (408, 409, 425, 429)


class LlmError(NewsdeskError):
    """A model could not be used.

    ``why`` is for the reader of the answer; ``passing``: another try may help; ``wait``: seconds that the provider asks
    to wait; ``form``: it rejects something in the request without saying what.
    """

    def __init__(
        self, message: str, why: str, *, passing: bool = False, wait: float | None = None, form: bool = False
    ) -> None:
        super().__init__(message)
        self.why, self.passing, self.wait, self.form = why, passing, wait, form


@dataclass(slots=True)
class Tally:
    """What one answer used: tokens as the provider counts them, else an estimate (``counted`` False)."""

    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0
    counted: bool = True


class Llm:
    """A model of the settings, ready to write."""

    def __init__(self, settings: LlmSettings) -> None:
        """Prepare a model; nothing is sent.

        Raises SettingsError if its package is not installed or something is not set.
        """
        provider, _, self.model = settings.model.partition(":")
        module, class_, place, wants_key, packages = _PROVIDERS[provider]
        self.name = settings.model
        self._settings = settings
        url = str(settings.base_url).rstrip("/") if settings.base_url else place
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        if not url:
            raise SettingsError(
                f"NEWSDESK_LLM__BASE_URL is not set. {self.name} needs the address of its server, for instance http://localhost:8080/v1"
            )
        if wants_key and not key:
            raise SettingsError(
                f"NEWSDESK_LLM__API_KEY is not set. {self.name} needs a key of {provider}. docs/use/model.md tells "
                "where to get one."
            )
        self.host = urlsplit(url).hostname or url
        self._key = key
        self._open = threading.local()  # the HTTP response that a thread reads
        try:
            make = getattr(importlib.import_module(module), class_)
        except ImportError as error:
            install = " ".join(f"'{package}'" for package in packages.split())
            raise SettingsError(
                f"{self.name} needs a package that is not installed. Install it: pip install {install}"
            ) from error
        # They would log addresses, and prompts at their finest level.
        for name in ("openai", "anthropic", "httpx", "httpcore", "llama_index"):
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            self._llm = make(model=self.model, temperature=0.0, **self._options(provider, url, key))
            self._llm.metadata  # noqa: B018  llama-index looks the model up when it is first asked for
        except ValueError:
            message = f"llama-index does not know the model {self.model} of {provider}. Correct NEWSDESK_LLM__MODEL"
            like = (
                f", or name it as openai-like:{self.model} with NEWSDESK_LLM__BASE_URL={url}"
                if provider == "openai"
                else ""
            )
            raise SettingsError(message + like + ".") from None

    def _options(self, provider: str, url: str, key: str) -> dict[str, Any]:
        # We wait and try again ourselves: a library would do so past the time that the answer has.
        most, seconds = self._settings.tokens_out, self._settings.seconds
        watched: dict[str, Any] = {
            "event_hooks": {"response": [self._opened]},
            "timeout": seconds,
            "follow_redirects": True,
        }
        if provider == "ollama":
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            client = importlib.import_module("ollama").Client(host=url, headers=headers, **watched)
            room = self._settings.tokens_in + most + 1_000  # else the model's own window, which may not fit into memory
            return {
                "client": client,
                "base_url": url,
                "context_window": room,
                "additional_kwargs": {"num_predict": most},
            }
        common = {"api_key": key or "none", "max_tokens": most, "timeout": seconds, "max_retries": 0}
        if provider == "anthropic":
            return {**common, "base_url": url}
        importlib.import_module("openai.resources.chat")  # the client would load it within the time of the first answer
        common |= {
            "api_base": url,
            "http_client": httpx.Client(**watched),
            "additional_kwargs": {"stream_options": {"include_usage": True}},
        }
        return {**common, "is_chat_model": True} if provider == "openai-like" else common

    def _opened(self, response: httpx.Response) -> None:
        self._open.response = response

    def _close(self) -> None:
        """End the request of this thread: the libraries leave it open, and the provider would go on writing."""
        response = getattr(self._open, "response", None)
        if response is not None:
            response.close()
        else:
            gc.collect()  # Anthropic's client has no door for us; what nobody holds any more is closed

    def cost(self, tally: Tally) -> float | None:
        """Return what tokens cost at the prices of the settings, in their currency; None if no prices are set."""
        price_in, price_out = self._settings.price_in, self._settings.price_out
        if price_in is None and price_out is None:
            return None
        return (tally.tokens_in * (price_in or 0) + tally.tokens_out * (price_out or 0)) / 1_000_000

    def write(self, rules: str, asked: str, until: float, tally: Tally) -> Generator[str, None, None]:
        """Yield what the model writes, as it writes; closing the iterator ends the request.

        A temporary failure before the first piece is tried again, after the time that the provider asks for. ``until``
        is the time of ``time.monotonic`` at which it gives up. Adds to ``tally``. Raises LlmError.
        """
        for attempt in range(_TRIES):
            written = False
            try:
                for piece in self._pieces(rules, asked, until, tally):
                    written = True
                    yield piece
            except LlmError as error:
                if error.form and not written and self._plainer():
                    continue
                pause = error.wait if error.wait is not None else _PAUSE * 2**attempt * random.uniform(0.75, 1.25)  # noqa: S311  no secret
                if written or not error.passing or attempt == _TRIES - 1 or time.monotonic() + pause + _LEAST > until:
                    raise
                log.info("llm tried again attempt=%s after=%.1f: %s", attempt + 2, pause, error)
                time.sleep(pause)
            else:
                return

    def _plainer(self) -> bool:
        """Stop asking for counts of tokens, which some servers refuse; False if they were not asked for."""
        asked = "stream_options" in getattr(self._llm, "additional_kwargs", {})
        if asked:
            self._llm.additional_kwargs = {}
        return asked

    def _pieces(self, rules: str, asked: str, until: float, tally: Tally) -> Generator[str, None, None]:
        """Ask once, in a thread of its own, so that no library can keep the answer waiting past its time."""
        from llama_index.core.base.llms.types import ChatMessage, MessageRole

        arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        ended = threading.Event()
        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=rules),
            ChatMessage(role=MessageRole.USER, content=asked),
        ]

        def work() -> None:
            try:
                responses = self._llm.stream_chat(messages)
                for response in responses:
                    arrived.put(response)
                    if ended.is_set():
                        del response, responses
                        self._close()
                        return
                arrived.put(None)
            except Exception as error:  # whatever a client raises ends this answer, not the program
                arrived.put(error)

        threading.Thread(target=work, daemon=True, name="llm").start()
        used = _Used(tokens_of(rules) + tokens_of(asked))
        finish: str | None = None
        try:
            while (response := self._next(arrived, until)) is not None:
                used.take(response)
                finish = _finish(response) or finish
                if response.delta:
                    yield response.delta
            if finish is None:
                raise LlmError(f"{self.host} broke off in the middle of an answer.", "broke off", passing=True)
            if finish in _CUT:
                raise LlmError(
                    f"{self.host} ended the answer early ({finish}). NEWSDESK_LLM__TOKENS_OUT is what one may have.",
                    "broke off",
                )
        finally:
            ended.set()
            used.add_to(tally)

    def _next(self, arrived: queue.SimpleQueue[Any], until: float) -> Any:
        try:
            item = arrived.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise self._late() from None
        if isinstance(item, Exception):
            raise self._llm_error(item) from None
        return item

    def _late(self) -> LlmError:
        return LlmError(
            f"{self.host} did not finish within the time an answer has (NEWSDESK_LLM__SECONDS).",
            "did not answer in time",
        )

    def _llm_error(self, error: Exception) -> LlmError:
        """Say what went wrong from the status alone: a provider's own words may repeat the key or the prompt."""
        status, code = getattr(error, "status_code", None), self._code(error)
        if not isinstance(status, int) or status < 400:
            if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in _causes(error)):
                return self._late()
            kind = type(error).__name__
            if any(
                isinstance(cause, OSError) or type(cause).__module__.startswith(("httpx", "httpcore"))
                for cause in _causes(error)
            ):
                return LlmError(
                    f"{self.host} cannot be reached, or broke off ({kind}). Check NEWSDESK_LLM__BASE_URL.",
                    "cannot be reached",
                    passing=True,
                )
            return LlmError(
                f"{self.host} sent something that is no answer ({kind}). Check NEWSDESK_LLM__BASE_URL.",
                "cannot be used",
                passing=True,
            )
        said = f"status {status}{f', {code}' if code else ''}"
        if status in (401, 403):
            return LlmError(
                (
                    f"{self.host} refuses the key ({said}). Set NEWSDESK_LLM__API_KEY to a valid one; try it: python "
                    "-m bot doctor"
                ),
                "cannot be used",
            )
        if status == 404:
            message = (
                f"{self.host} has no model {self.model} ({said}). Correct NEWSDESK_LLM__MODEL or "
                "NEWSDESK_LLM__BASE_URL."
            )
            return LlmError(message, "cannot be used")
        if code == "insufficient_quota":
            return LlmError(
                f"The account at {self.host} has nothing left ({said}). Top it up, or set another model.",
                "cannot be used",
            )
        passing = status in _PASSING or status >= 500
        why = "is overloaded" if status == 429 or status >= 500 else "cannot be used"
        message = f"{self.host} {'does not answer now' if passing else 'refuses the request'} ({said})."
        return LlmError(message, why, passing=passing, wait=_retry_after(error), form=status in (400, 422) and not code)

    def _code(self, error: Exception) -> str:
        """Return the provider's code for an error, if it is one word and cannot be a secret."""
        code = getattr(error, "code", None)
        plain = isinstance(code, str) and len(code) <= 40 and code.replace("_", "").isalpha() and code.islower()
        return str(code) if plain and not (self._key and str(code) in self._key) else ""

    def check(self, seconds: float) -> str:
        """Ask the model for one word and return what it is, for ``doctor``. Raises LlmError."""
        tally = Tally()
        began = time.monotonic()
        pieces = self.write("Answer with one word.", "Are you there?", began + seconds, tally)
        with contextlib.closing(pieces):
            next(pieces, None)
        return f"{self.name} at {self.host} answers ({time.monotonic() - began:.1f} s to its first word)"


class _Used:
    """Counts the tokens of one request: as the provider says in the end, else an estimate."""

    def __init__(self, tokens_in: int) -> None:
        self._in, self._text, self._counted = tokens_in, "", (0, 0)

    def take(self, response: Any) -> None:
        self._text += response.delta or ""
        raw = response.raw if isinstance(response.raw, dict) else {}
        more: dict[str, Any] = dict(response.additional_kwargs or {})
        for usage in (raw.get("usage"), response.message.additional_kwargs.get("usage")):
            more |= usage if isinstance(usage, dict) else {}
        sent, written = (
            more.get(f"{openai}_tokens", more.get(f"{other}_tokens"))
            for openai, other in (("prompt", "input"), ("completion", "output"))
        )
        if isinstance(sent, int) and isinstance(written, int):
            self._counted = (max(self._counted[0], sent), max(self._counted[1], written))

    def add_to(self, tally: Tally) -> None:
        counted = any(self._counted)
        tally.tokens_in += self._counted[0] if counted else self._in
        tally.tokens_out += self._counted[1] if counted else tokens_of(self._text) - 1
        tally.calls += 1
        tally.counted = tally.counted and counted


def _finish(response: Any) -> str | None:
    """Return why a text ended, None while it goes on: OpenAI's choices, Anthropic's stop reason, Ollama's."""
    raw = response.raw
    choices = getattr(raw, "choices", None)
    if choices:
        return str(choices[0].finish_reason) if choices[0].finish_reason else None
    reason = response.message.additional_kwargs.get("stop_reason") or (
        raw.get("done_reason") if isinstance(raw, dict) else None
    )
    return str(reason) if reason else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _retry_after(error: Exception) -> float | None:
    """Return how many seconds a provider asks to wait, None if it does not say."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return max(0.0, float(said))
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    return None
