"""The server: the graph as SPARQL endpoint, dereferenceable things, dumps and pages.

`create_app` makes the WSGI application: Flask with one blueprint per noun, behind `server.http.gateway`. What the graph
says is decided in `kg`: nothing here reads or changes the curated files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from kg.sparql.questions import Question
from server import operate
from server.config import Config
from server.endpoint import graphs, sparql
from server.endpoint.fastpath import Direct
from server.http import problems
from server.http.cache import AnswerCache
from server.http.current import CACHE, CONFIG, METRICS
from server.http.gateway import Front
from server.http.metrics import Metrics
from server.http.release import Published
from server.http.response import Response
from server.site import check, dumps, pages, question_pages, things, vocabulary
from server.site.questions import EXTENSION

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True)
class Server:
    """One server: its WSGI application, what it publishes, and what it counts."""

    wsgi: WSGIApplication
    app: Flask
    published: Published
    cache: AnswerCache
    metrics: Metrics


def create_app(
    config: Config,
    published: Published,
    *,
    questions: Mapping[str, Question] | None = None,
    log: IO[str] | None = None,
) -> Server:
    """Return the server that publishes `published`; `log` takes the access log."""
    app = Flask(__name__)
    app.response_class = Response
    app.config.update(MAX_CONTENT_LENGTH=config.max_request, MAX_FORM_MEMORY_SIZE=config.max_request)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    cache, metrics = AnswerCache(config.cache), Metrics()
    app.extensions.update({CACHE: cache, CONFIG: config, METRICS: metrics, EXTENSION: dict(questions or {})})
    problems.register(app)
    pages.register(app)
    for blueprint in (
        sparql.bp,
        graphs.bp,
        things.bp,
        dumps.bp,
        vocabulary.bp,
        question_pages.bp,
        check.bp,
        operate.bp,
    ):
        app.register_blueprint(blueprint)
    metrics.gauge("mercato_cache_bytes", "Bytes of answers that are kept.", lambda: cache.size)
    metrics.gauge("mercato_cache_answers", "Answers that are kept.", lambda: len(cache))
    metrics.serves(published.version)
    wsgi: WSGIApplication = Front(Direct(app, cache), published, cache, metrics, rate=config.rate, log=log)
    if config.proxies:
        count = config.proxies
        wsgi = ProxyFix(wsgi, x_for=count, x_proto=count, x_host=count)
    return Server(wsgi, app, published, cache, metrics)
