; SPDX-License-Identifier: MIT
;
; The largest and smallest integers of machines with words of 64 bits.
(define (check name actual expected)
  (if (equal? actual expected)
      (begin (display "ok ") (display name))
      (begin (display "FAILED ") (display name) (display ": expected ") (write expected)
             (display ", got ") (write actual)))
  (newline))

(check "large fixnums" (+ 4611686018427387902 1) 4611686018427387903)
(check "small fixnums" (- -4611686018427387903 1) -4611686018427387904)
(check "products of large fixnums" (* 2147483647 2147483647) 4611686014132420609)
(check "a large power" (expt 2 61) 2305843009213693952)
(check "number->string" (number->string 123456789012345678) "123456789012345678")
(check "exact" (exact 4611686018427387392.0) 4611686018427387392)
