"""Drop folders: on a disk, on an SFTP server; and the outbox beside them."""
