"""The short way to the endpoint: GET requests of programs are answered without Flask.

They are most of what an endpoint gets, and Flask takes five times as long as all the rest of our part. Whatever is not
plain (a browser, a POST, no query) goes the long way, through the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kg.errors import MercatoError
from kg.formats import Form
from server.endpoint.protocol import Chunks, Plain, offer_for, read_call, respond
from server.http.cache import AnswerCache
from server.http.client import pairs_of
from server.http.current import EDITION, KEEP, client_of
from server.http.negotiate import HTML, NotAcceptableError
from server.http.problems import MEDIA, PROBLEM, answer_to, body
from server.http.response import Whole

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATHS = frozenset(("/sparql", "/sparql/"))


class Direct:
    """Answers plain queries itself and hands everything else to `app`."""

    def __init__(self, app: WSGIApplication, cache: AnswerCache):
        self.app = app
        self.cache = cache

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        if environ["PATH_INFO"] not in PATHS or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.app(environ, start_response)
        try:
            plain = self._plain(environ)
        except MercatoError as error:
            answer = answer_to(error)
            environ[PROBLEM] = answer.problem.name
            content = body(answer.problem, answer.detail, **answer.more)
            headers = {"Content-Type": MEDIA, "Cache-Control": "no-store", "Content-Length": str(len(content))}
            status = f"{answer.problem.status} {answer.problem.title}"
            plain = Plain(status, [*(headers | answer.headers).items()], Whole(content), keep=False)
        if plain is None:
            return self.app(environ, start_response)
        environ[KEEP] = plain.keep
        start_response(plain.status, plain.headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            if isinstance(plain.body, Chunks):
                plain.body.close()
            return Whole(b"")
        return plain.body

    def _plain(self, environ: WSGIEnvironment) -> Plain | None:
        """Return the answer, or `None` where the long way is the one."""
        edition = environ[EDITION]
        # PEP 3333: the query string is bytes, each as the character of its number.
        call = read_call(pairs_of(environ.get("QUERY_STRING", "").encode("latin-1")), None, edition.base)
        client = client_of(environ)
        if call is None:
            return None
        try:
            if HTML in (offer_for(form, call.parameters, client.accept) for form in (Form.SELECT, Form.CONSTRUCT)):
                return None
        except NotAcceptableError:
            pass  # by one form; which one it is, `respond` finds out
        return respond(call, client, edition, self.cache)
