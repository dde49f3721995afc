"""Door of the office without a program: for its own tests."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
