"""Sign-on: an identity provider checks who a user is, by OpenID Connect with the authorization code flow and PKCE."""
