; SPDX-License-Identifier: MIT
; The runner calls this with two arguments and some text on standard input.
(write (cdr (command-line))) (newline)
(write (read-line)) (newline)
(write (read)) (newline)
(write (read-char)) (newline)
(write (eof-object? (read))) (newline)
(display "before exit") (newline)
(exit 7)
