"""The errors of accounts, passwords and tokens as answers of HTTP."""

from __future__ import annotations

from app.security.errors import RetryLaterError, SecurityError, SignInBusyError, TokenError, TooManyAttemptsError, WrongPasswordError
from app.security.sign_on.errors import AnswerRefused, ProviderUnavailable, SignOnError
from app.web import Problem

STATUSES: dict[type[SecurityError], int] = {
    TokenError: 401,
    WrongPasswordError: 403,
    TooManyAttemptsError: 429,
    SignInBusyError: 503,
    SignOnError: 403,
    AnswerRefused: 403,
    ProviderUnavailable: 503,
}
"""The status of each error; 400 for others."""


def problem_of(error: SecurityError) -> Problem:
    """The answer to a request that raised this error."""
    headers = {}
    if isinstance(error, RetryLaterError):
        headers = {"Retry-After": str(error.retry_after_s)}
    elif isinstance(error, TokenError):
        headers = {"WWW-Authenticate": 'Bearer realm="dqmhub", error="invalid_token"'}
    return Problem(STATUSES.get(type(error), 400), str(error), headers=headers)
