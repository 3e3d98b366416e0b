"""Words before secrets, and words that stand there without being secrets."""

from __future__ import annotations

KEYS = (
    r"(?:api|access|account|private|ssh|signing|encryption|decryption|master|app|application|subscription|license|pre-?shared|shared"
    r"|session|secret|storage|hmac|auth|wpa|wep|deploy|recovery|unlock|activation|unique)[ _-]?key"
)
PASSWORDS = r"passw(?:or)?d|passwd|pass[ _-]?phrase|passcode|pwd|secret|psk|bindpw|rootpw|requirepass|masterauth|storepass|keypass|keypwd?"
"""Words for passwords. All patterns here are case-insensitive."""

_OTHER_LANGUAGES = (
    r"passwort|kennwort|geheimnis|losungswort|mot\s+de\s+passe|motdepasse|mdp|code\s+secret|parola(?:\s+d'ordine)?|codice\s+segreto"
    r"|contrasena|clave(?:\s+secreta)?|palabra\s+clave|senha|palavra[\s-]passe|wachtwoord|haslo|heslo|geslo|lozinka|jelszo|losenord|salasana"
    r"|adgangskode|kodeord|passord|lykilord|sifre|parool|slaptazodis|mat\s+khau|kata\s+sandi"
)
"""Without accents, as in `canonical`."""

TOKENS = (
    rf"token|{KEYS}|credentials?|session[_-]?id|sessid|session[_-]?key|cookie|connect\.sid|(?:\b|_)(?:otp|totp)|csrf|xsrf"
    r"|signature|saml_?(?:response|request|assertion)"
)
SECRET_WORDS = rf"{PASSWORDS}|{TOKENS}"
"""Parts of a name with a secret value."""

FOREIGN_WORDS = rf"\b(?:{_OTHER_LANGUAGES})"

COPULAS = r"(?:is|are|was|remains|became|(?:should|will|must|may|can)\s+be|ist|lautet|est|es|e|jest|to)"
"""Words between `password` and its value, in English and other languages."""

OTHER_COPULAS = r"(?:is|ist|lautet|est|es|e|jest|to|je|on|er|ar)"

CODES = (
    r"\b(?:(?:(?:one[ -]time|verification|security|access|unlock|confirmation|2fa|two[ -]factor|authentication|sms|recovery|backup|activation|pairing|door|gate"
    r"|unlocking)\s+(?:code|password|pin))|pin(?:[ -]?code)?|puk|(?:zugangs|sicherheits|zugriffs)code|geheimzahl|code\s+d'acces"
    r"|codice\s+di\s+(?:accesso|sicurezza)|codigo\s+de\s+(?:acceso|seguridad)|toegangscode|kod\s+dostepu)"
)
"""Words before a code of digits."""

LABELS_OF_OTHER_SCRIPTS = (
    "пароль|парол[а-яіїў]*|лозинка|κωδικ[οό]ς(?: πρόσβασης)?|συνθηματικ[οό]|密码|密碼|口令|パスワード|暗証番号|비밀번호|암호"
    "|كلمة المرور|كلمة السر|סיסמה|סיסמא|รหัสผ่าน|पासवर्ड|პაროლი|գաղտնաբառ"
)
"""`password` in scripts that a canonical text does not have."""

_STATES = """
a absent status read printed shown kept known given written entered accepted acquired an and as at available bad be been before being below bool but by bytes can cannot change changed char const could
correct created default deleted denied disabled does double edm empty enabled encrypted entered error expected expired failed failing failure
false file float for found from given had has hashed have hidden if in incorrect initialised initialized int invalid is length loaded long
lost malformed masked mismatch mismatched missing must needed needs nil no none nonempty not null obtained object of off ok okay on only
optional or present prompt protected provided received redacted refreshed refused rejected removed renewed required reset revoked saved sent
set should size std still stored str string the this that to too true type unavailable undefined unexpected uninitialised uninitialized
unknown unset unsigned unused up updated used valid void warning was were when while will with without would wrong yes your zero
"""
PROPERTIES = (
    *("index", "count", "number", "size", "length", "lifetime", "ttl", "type", "name", "names", "expires", "expiry", "expiration"),
    *(
        "timeout",
        "age",
        "limit",
        "flow",
        "server",
        "endpoint",
        "scope",
        "audience",
        "mode",
        "store",
        "service",
        "format",
        "version",
        "issuer",
        "file",
        "path",
        "dir",
        "url",
        "label",
        "policy",
        "field",
        "prefix",
    ),
)
"""Ends of labels of values that are no secrets, such as `token_type`."""

STATES = frozenset(_STATES.split())
"""Words after a label that say something of the secret, in lower case."""

_TOPICS = """
access again aging attempt attempts at between different least longer shorter authentication based callback check checker checking database dialog entry expiration expiry field files hash
hashes input less line list login logins manager name page policy protection recovery request rotation rule rules server service store
strength user username users verification via see characters twice once per only change changes every days months years store storage stores prompts fields
agent based-login cache cached callback change-password changer command config configuration copy data default dialog digest does each either
encoding encryption entered environment everywhere exchange feature files-only for forgotten format generation generator get handling hashing howto header
here how id in into invalidation is key keyring keys kind last leak leaks length-check log lookup loop management managers matching means
member method missing mode module never new next nor object off old option options or over parameter part plugin property protect provider
putting question quality read reader reading refresh registration reminder reminders removal renewal replaced requirement requirements
retrieval retry retries reuse salt scheme screen security sent setter setting settings setup side stays stolen string strings support sync
system text than then there they token tokens tool transfer type types typed unchanged updates upgrade value values variable we where which
who why window you
"""
TOPICS = STATES | frozenset(_TOPICS.split())
"""Words after `password` in a sentence that are not one."""
