; SPDX-License-Identifier: MIT
;
; The largest and smallest integers of machines with words of 32 bits.
(define (check name actual expected)
  (if (equal? actual expected)
      (begin (display "ok ") (display name))
      (begin (display "FAILED ") (display name) (display ": expected ") (write expected)
             (display ", got ") (write actual)))
  (newline))

(check "large fixnums" (+ 1073741822 1) 1073741823)
(check "small fixnums" (- -1073741823 1) -1073741824)
(check "products of large fixnums" (* 32767 32767) 1073676289)
(check "a large power" (expt 2 29) 536870912)
(check "number->string" (number->string 1073741823) "1073741823")
(check "exact" (exact 1073741823.0) 1073741823)
