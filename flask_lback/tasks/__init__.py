"""Work that is done after the response: in a thread of this process."""
