"""Every setting, typed, in one place. Only ingest.py and the ``__main__`` of the packages load them."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dotenv import dotenv_values
from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.errors import ArchiveError, SettingsError

if TYPE_CHECKING:
    from index.archive import Archive
    from index.model.runtime import Model
    from index.store.catalog import Catalog
    from index.vectors.chroma_server import Server
    from web.links import SignedLinks

PREFIX = "NEWSDESK_"


def _data_dir() -> Path:
    # Installed, newsdesk runs from any folder: without one named data there, the archive is the user's own.
    clone = Path(__file__).with_name("pyproject.toml").exists()
    return Path("data") if clone or Path("data").is_dir() else Path.home() / ".local/share/newsdesk"


class Group(BaseModel):
    """Settings that belong together; they never change while a program runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(Group):
    """The embedding model."""

    name: str = Field("all-MiniLM-L6-v2", min_length=1, description="sentence-transformers name or local folder")
    runtime: Literal["auto", "torch", "onnx", "openvino"] = Field(
        "auto", description="what computes the vectors; auto: what suits the machine"
    )


class CatalogSettings(Group):
    """Where articles, and the bot's journal, are kept."""

    url: SecretStr | None = Field(None, description="a PostgreSQL database; without it, files in the data folder")

    @field_validator("url")
    @classmethod
    def _postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.match(r"postgres(ql)?(\+psycopg)?://", value.get_secret_value()):
            raise ValueError(
                "no address of a PostgreSQL database; write it like postgresql+psycopg://USER:PASSWORD@HOST:5432/NAME"
            )
        return value


class VectorsSettings(Group):
    """What the search index is kept by."""

    engine: Literal["chroma", "pgvector"] = Field("chroma", description="pgvector: the catalog's PostgreSQL")


class ChromaSettings(Group):
    """Where Chroma is, and what it holds."""

    url: AnyHttpUrl | None = Field(None, description="a Chroma server; without it, folders in the data folder")
    tenant: str = Field("", description="on that server; without it, Chroma's default")
    database: str = Field("", description="of that tenant; without it, Chroma's default")
    token: SecretStr | None = Field(None, description="the key of Chroma Cloud, sent as X-Chroma-Token")
    headers: dict[str, SecretStr] = Field({}, description="sent with each request, as a JSON object")
    ca: Path | None = Field(None, description="certificates of an authority of your own, if one made the server's")
    text: bool = Field(False, description="also keep the passages' text there, for other programs")
    collection: str = Field(
        "newsdesk",
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,60}$",
        description="start of the collection's name on a server: 3 to 61 letters, digits, - and _",
    )

    @field_validator("headers")
    @classmethod
    def _sendable(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or not re.fullmatch(
                r"[ -~]*", secret.get_secret_value()
            ):
                raise ValueError(
                    f'{name!r} is no header that can be sent; write them like {{"Authorization": "Bearer …"}}'
                )
        return value

    @field_validator("token")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("a token is one word of ASCII")
        return value


class IngestSettings(Group):
    """What an ingest may read."""

    max_mb: int = Field(50, ge=1, le=2_000, description="largest article, in megabytes")
    roots: list[Path] = Field([], description="folders that may be read, as a JSON list; empty: any")
    private_networks: list[IPvAnyNetwork] = Field([], description="that pages may be fetched from, as a JSON list")


class SearchSettings(Group):
    """How passages are found."""

    reranker: str | None = Field(None, description="cross-encoder that reorders the passages found")


class AnswersSettings(Group):
    """What is answered."""

    reader: str = Field("own", min_length=1, description="tells what answers: own, small, a cross-encoder, off")
    refusal: Literal["cautious", "balanced", "eager"] = Field(
        "balanced", description="how sure an answer must be: cautious, balanced or eager"
    )


class LlmSettings(Group):
    """A language model that writes the answers, every sentence checked; without one they are quotes."""

    model: str = Field("", description="openai:NAME, anthropic:NAME, ollama:NAME or openai-like:NAME")
    base_url: AnyHttpUrl | None = Field(None, description="where the model is; openai-like needs it")
    api_key: SecretStr | None = Field(None, description="the provider's key")
    seconds: float = Field(20, ge=1, le=100, description="that an answer may take; then the quotes answer")
    passages: int = Field(10, ge=1, le=24, description="that are sent with a question, at most")
    tokens_in: int = Field(4_000, ge=300, le=200_000, description="that the passages of a question may have, about")
    tokens_out: int = Field(
        800, ge=50, le=20_000, description="that an answer may have, with what a reasoning model thinks"
    )
    price_in: float | None = Field(None, ge=0, description="of a million tokens sent; the journal then counts the cost")
    price_out: float | None = Field(None, ge=0, description="of a million tokens written")

    @field_validator("model")
    @classmethod
    def _provider(cls, value: str) -> str:
        if value and not re.fullmatch(r"(?:openai|anthropic|ollama|openai-like):\S+", value):
            raise ValueError(
                f"{value!r} names no model; write openai:NAME, anthropic:NAME, ollama:NAME or openai-like:NAME"
            )
        return value


class LogSettings(Group):
    """What the bot writes to standard error while it runs."""

    format: Literal["text", "json"] = Field("text", description="a line for people, or a JSON object a line")
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="of newsdesk's own lines; libraries tell warnings only"
    )


class CheckSettings(Group):
    """How the sentences of a language model are checked."""

    judge: str = Field("own", min_length=1, description="confirms them: own, llm, a cross-encoder, off")


class SlackSettings(Group):
    """Who is answered in Slack, and how. Ids: separated by commas, or a JSON list; ``*`` for all."""

    admins: str = Field("", description="ids of people who see failures, low-rated answers and the status")
    teams: str = Field("", description="ids of other workspaces whose people are answered")
    guests: str = Field("", description="ids of guests who are answered")
    shared_channels: str = Field("", description="ids of channels, shared with others, in which members are answered")
    ask_a_person: str = Field(
        "",
        pattern=r"^([UWSCG][A-Z0-9_]{2,30})?$",
        description="id (U012AB3CD) of a user, group or channel to ask when the articles do not say",
    )
    report_channel: str = Field(
        "",
        pattern=r"^([CG][A-Z0-9_]{2,30})?$",
        description="id (C012AB3CD) of a channel that is told about each ingest that changed something",
    )
    follow_ups: bool = Field(True, description="answer questions in the threads of answers without a mention")
    max_age_hours: float = Field(
        6, gt=0, le=168, description="questions asked while no bot was up are answered if younger"
    )
    lease_seconds: float = Field(
        30, ge=1, le=600, description="after so long a silence another machine's bot takes a bot's questions over"
    )
    workers: int = Field(2, ge=1, le=32, description="questions looked up at the same time")
    per_user: int = Field(2, ge=1, le=100, description="of them, of one person")
    host: str = Field("127.0.0.1", description="where HTTP mode listens")
    port: int = Field(3000, ge=1, le=65_535, description="where HTTP mode listens")

    @field_validator("admins", "teams", "guests", "shared_channels")
    @classmethod
    def _ids(cls, value: str) -> str:
        found = ids(value)
        wrong = [id_ for id_ in found if not re.fullmatch(r"\*|[A-Z][A-Z0-9_]{2,30}", id_)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no id of Slack; write ids like U012AB3CD, separated by commas")
        return value


class WebSettings(Group):
    """The question box and the reading room."""

    url: AnyHttpUrl | None = Field(None, description="where readers find the room; citations link there")
    host: str = Field("127.0.0.1", description="where the room listens")
    port: int | None = Field(None, ge=1, le=65_535, description="where the room listens; if set, the bot serves it")
    days: int = Field(30, ge=1, le=90, description="how long a link opens")
    secret: SecretStr | None = Field(None, description="what signs links; else one is made in the data folder")
    password: SecretStr | None = Field(None, min_length=8, description="to ask in the browser from other machines")
    user_header: str = Field("", pattern=r"^[A-Za-z0-9-]{0,60}$", description="header in which a proxy says who asks")
    token: SecretStr | None = Field(None, min_length=16, description="that programs send to ask over HTTP")
    per_minute: int = Field(120, ge=1, le=100_000, description="questions in a minute from one address, at most")

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError(
                "a secret has at least 32 characters; make one: python -c 'import secrets; "
                "print(secrets.token_urlsafe(48))'"
            )
        return value


def ids(value: str) -> frozenset[str]:
    """Return the ids in a setting: separated by commas or spaces, or a JSON list."""
    return frozenset(re.findall(r"[^\s,\[\]\"']+", value))


class Settings(BaseSettings):
    """Everything that can be set, from the environment and ``.env``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
    )

    data_dir: Path = Field(default_factory=_data_dir, description="folder of the archive, on a local disk")
    model: ModelSettings = ModelSettings()
    catalog: CatalogSettings = CatalogSettings()
    vectors: VectorsSettings = VectorsSettings()
    chroma: ChromaSettings = ChromaSettings()
    ingest: IngestSettings = IngestSettings()
    search: SearchSettings = SearchSettings()
    answers: AnswersSettings = AnswersSettings()
    llm: LlmSettings = LlmSettings()
    check: CheckSettings = CheckSettings()
    slack: SlackSettings = SlackSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    slack_bot_token: SecretStr | None = Field(None, validation_alias="SLACK_BOT_TOKEN", description="xoxb-…")
    slack_app_token: SecretStr | None = Field(None, validation_alias="SLACK_APP_TOKEN", description="xapp-…")
    slack_signing_secret: SecretStr | None = Field(None, validation_alias="SLACK_SIGNING_SECRET", description="HTTP")
    slack_api_url: AnyHttpUrl | None = Field(
        None, validation_alias="SLACK_API_URL", description="instead of https://slack.com/api/"
    )

    def archive(self, *, create: bool = False) -> Archive:
        """Open the archive that is set. Raises ArchiveError if there is none, unless it is to be made."""
        from index.archive import Archive  # here: a misspelt setting and --help need not wait for it

        pgvector = self.vectors.engine == "pgvector"
        if pgvector and self.catalog.url is None:
            raise SettingsError(
                "NEWSDESK_VECTORS__ENGINE=pgvector needs the catalog in PostgreSQL. Set NEWSDESK_CATALOG__URL, "
                "or leave the engine out."
            )
        if pgvector and self.chroma.url is not None:
            raise SettingsError(
                "NEWSDESK_VECTORS__ENGINE=pgvector and NEWSDESK_CHROMA__URL name two places for the same "
                "vectors. Unset one of them."
            )
        return Archive(
            self.data_dir,
            catalog=self.database(),
            server=self._server(),
            pgvector=pgvector,
            text=self.chroma.text,
            create=create,
        )

    def _server(self) -> Server | None:
        if self.chroma.url is None:
            return None
        from index.vectors.chroma_server import Server

        headers = {name: value.get_secret_value() for name, value in self.chroma.headers.items()}
        if self.chroma.token is not None:
            headers["X-Chroma-Token"] = self.chroma.token.get_secret_value()
        chroma = self.chroma
        return Server(
            str(chroma.url),
            chroma.collection,
            tenant=chroma.tenant,
            database=chroma.database,
            headers=headers,
            ca=chroma.ca,
        )

    def database(self) -> str | None:
        """Return the URL of the PostgreSQL database that is set, password and all, None if there is none."""
        return self.catalog.url.get_secret_value() if self.catalog.url else None

    def has_archive(self) -> bool:
        """Tell whether there is an archive to open. Raises ArchiveError if its database cannot be reached."""
        from index.archive import FILE
        from index.store.catalog import exists

        return exists(self.database() or self.data_dir / FILE)

    def open_catalog(self) -> Catalog:
        """Open the catalog of the archive that is set, without its vectors. Raises ArchiveError if there is none."""
        from index.archive import FILE
        from index.store.catalog import Catalog

        if not self.has_archive():
            raise ArchiveError(
                f"There is no archive in {self.data_dir.resolve()} yet. Put articles in: python ingest.py FOLDER"
            )
        return Catalog(self.database() or self.data_dir / FILE)

    def signed_links(self) -> SignedLinks:
        """Return what makes and opens links into the reading room. Raises SettingsError if there is no secret."""
        from web.links import SignedLinks, secret

        own = self.web.secret.get_secret_value() if self.web.secret else secret(self.data_dir)
        return SignedLinks(own, str(self.web.url or ""), self.web.days)

    def embedder(self, *, many: bool = False) -> Model:
        """Return the model that is set, for a question or for ``many`` texts; it loads when it is first used.

        Raises ModelError if it cannot be one.
        """
        from index.model.runtime import Model

        return Model(self.model.name, self.model.runtime, many=many)


def load() -> Settings:
    """Read the settings. Raises SettingsError, naming the variable, for an unknown name or a value that cannot be."""
    known = names()
    given = {**(dotenv_values(".env") if Path(".env").is_file() else {}), **os.environ}
    for name in given:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.5)
            raise SettingsError(
                f"There is no setting {name}."
                + (f" Did you mean {near[0]}?" if near else f" Known: {', '.join(known)}")
            )
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        setting = "__".join(str(part) for part in first["loc"] if isinstance(part, str)).upper()
        variable = setting if setting.startswith("SLACK_") and setting in known else PREFIX + setting
        why = first["msg"]
        if first["type"] == "string_pattern_mismatch":  # a regular expression helps nobody
            group, name = map(str, first["loc"])
            why = f"it has to be: {Settings.model_fields[group].annotation.model_fields[name].description}"  # type: ignore[union-attr]
        raise SettingsError(f"{variable}: {why}. Correct it in the environment or in .env.") from error
    except ValueError as error:  # a list that is not written as JSON
        wrong = getattr(error.__cause__, "doc", None)
        variable = next(
            (name.upper() for name, value in given.items() if name.upper() in known and value == wrong), PREFIX
        )
        raise SettingsError(
            f'{variable}: not a JSON list. Write it like ["this", "that"], in the environment or in .env.'
        ) from error


def names() -> list[str]:
    """Return the names of all variables, in the order of the settings."""
    found = []
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            found += [f"{PREFIX}{name}__{inner}".upper() for inner in group.model_fields]
        else:
            found.append(str(field.validation_alias) if field.validation_alias else f"{PREFIX}{name}".upper())
    return found
