"""A thin database engine over django-mongodb-backend that mends four of its faults.

Named by `DATABASES["default"]["ENGINE"]`. Every override has a test that runs the stock backend
beside it and fails once upstream has mended the fault, so that the override can go.
"""
