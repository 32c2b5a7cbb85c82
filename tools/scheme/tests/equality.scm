; SPDX-License-Identifier: MIT
(define (check name actual expected)
  (if (equal? actual expected)
      (begin (display "ok ") (display name))
      (begin (display "FAILED ") (display name) (display ": expected ") (write expected)
             (display ", got ") (write actual)))
  (newline))

; Under stress the runner gives an argument, and sizes are a hundredth.
(define (scaled size) (if (null? (cdr (command-line))) size (quotient size 100)))

(check "eq?" (list (eq? 'a 'a) (eq? '() '()) (eq? "a" "a") (eq? (list 1) (list 1)) (eq? #\a #\a) (eq? 5 5)) '(#t #t #f #f #t #t))
(check "eqv?" (list (eqv? 1.5 1.5) (eqv? 1 1.0) (eqv? 0.0 -0.0) (eqv? "" "") (eqv? car car)) '(#t #f #f #f #t))
(check "equal?" (list (equal? '(1 (2 #(3))) '(1 (2 #(3)))) (equal? "ab" "ab") (equal? '#(1 2) '#(1 3)) (equal? '(1 2) '(1 2 3)) (equal? 1 1.0)) '(#t #t #f #f #f))
(check "equal? of different kinds" (list (equal? '() #f) (equal? "a" 'a) (equal? '#() '()) (equal? #\a "a")) '(#f #f #f #f))
(check "boolean?" (list (boolean? #t) (boolean? '()) (boolean=? #t #t) (boolean=? #t #f)) '(#t #f #t #f))
(check "procedure?" (list (procedure? car) (procedure? (lambda () 1)) (call/cc procedure?) (procedure? 'car)) '(#t #t #t #f))
(define (nest n) (let loop ((i 0) (x '())) (if (= i n) x (loop (+ i 1) (list x)))))
(check "equal? of deep values" (equal? (nest (scaled 100000)) (nest (scaled 100000))) #t)
(check "equal? finds a deep difference" (equal? (nest (scaled 100000)) (nest (+ 1 (scaled 100000)))) #f)
(check "equal? of long lists" (equal? (iota (scaled 100000)) (iota (scaled 100000))) #t)
(check "display of a deep value" (string-length (call-with-output-string (lambda (p) (display (nest (scaled 50000)) p)))) (+ 2 (* 2 (scaled 50000))))
