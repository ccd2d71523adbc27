def faults(*_):
    return []
