; SPDX-License-Identifier: MIT
;
; The procedures that are written in Scheme: those that call procedures given to them, so that such calls run on the
; machine's stack like all others, and small ones that are no faster in C. Compiled at every start. Names that begin
; with % are for this file. When it is loaded its global variables are sealed: no program can change what it uses.

(define (caaar x) (car (caar x)))
(define (caadr x) (car (cadr x)))
(define (cadar x) (car (cdar x)))
(define (caddr x) (car (cddr x)))
(define (cdaar x) (cdr (caar x)))
(define (cdadr x) (cdr (cadr x)))
(define (cddar x) (cdr (cdar x)))
(define (cdddr x) (cdr (cddr x)))
(define (cadddr x) (car (cdddr x)))
(define (cddddr x) (cdr (cdddr x)))
(define (caar x) (car (car x)))
(define (cadr x) (car (cdr x)))
(define (cdar x) (cdr (car x)))
(define (cddr x) (cdr (cdr x)))

; --- numbers

(define (square x) (* x x))
(define (abs x) (if (< x 0) (- 0 x) x))
(define magnitude abs)

(define (exact-integer-sqrt n)
  (let ((root (%integer-sqrt n)))
    (values root (- n (* root root)))))

(define (%gcd a b)
  (if (= b 0) (abs a) (%gcd b (remainder a b))))

(define (gcd . numbers)
  (let loop ((result 0) (rest numbers))
    (if (null? rest) result (loop (%gcd (car rest) result) (cdr rest)))))

(define (lcm . numbers)
  (let loop ((result 1) (rest numbers))
    (cond ((null? rest) result)
          ((= (car rest) 0) 0)
          (else (loop (abs (* (quotient result (%gcd result (car rest))) (car rest))) (cdr rest))))))

(define (boolean=? a b . rest)
  (and (eq? a b) (or (null? rest) (apply boolean=? b rest))))

(define (symbol=? a b . rest)
  (and (eq? a b) (or (null? rest) (apply symbol=? b rest))))

; --- lists

(define (%check-procedure who procedure)
  (if (not (procedure? procedure))
      (error (string-append who ": expected a procedure, got") procedure)))

(define (%check-list who list)
  (if (not (list? list))
      (error (string-append who ": expected a list, got") list)))

(define (member x list . compare)
  (if (null? compare)
      (%member x list)
      (let loop ((rest list))
        (cond ((null? rest) #f)
              (((car compare) x (car rest)) rest)
              (else (loop (cdr rest)))))))

(define (assoc x list . compare)
  (if (null? compare)
      (%assoc x list)
      (let loop ((rest list))
        (cond ((null? rest) #f)
              (((car compare) x (caar rest)) (car rest))
              (else (loop (cdr rest)))))))

(define (last-pair list)
  (if (pair? (cdr list)) (last-pair (cdr list)) list))

(define (%any-null? lists)
  (and (pair? lists)
       (or (null? (car lists)) (%any-null? (cdr lists)))))

(define (%map1 procedure list)
  (if (null? list)
      '()
      (let ((first (procedure (car list))))
        (cons first (%map1 procedure (cdr list))))))

(define (%map-many procedure lists)
  (if (%any-null? lists)
      '()
      (let ((first (apply procedure (%map1 car lists))))
        (cons first (%map-many procedure (%map1 cdr lists))))))

(define (map procedure list . lists)
  (%check-procedure "map" procedure)
  (cond ((null? lists)
         (%check-list "map" list)
         (%map1 procedure list))
        (else (%map-many procedure (cons list lists)))))

(define (for-each procedure list . lists)
  (%check-procedure "for-each" procedure)
  (cond ((null? lists)
         (%check-list "for-each" list)
         (let loop ((rest list))
           (when (pair? rest)
             (procedure (car rest))
             (loop (cdr rest)))))
        (else
         (let loop ((lists (cons list lists)))
           (unless (%any-null? lists)
             (apply procedure (%map1 car lists))
             (loop (%map1 cdr lists)))))))

(define (filter keep? list)
  (%check-procedure "filter" keep?)
  (%check-list "filter" list)
  (let loop ((rest list) (kept '()))
    (cond ((null? rest) (reverse kept))
          ((keep? (car rest)) (loop (cdr rest) (cons (car rest) kept)))
          (else (loop (cdr rest) kept)))))

(define (fold-left procedure start list)
  (%check-procedure "fold-left" procedure)
  (%check-list "fold-left" list)
  (let loop ((result start) (rest list))
    (if (null? rest) result (loop (procedure result (car rest)) (cdr rest)))))

(define (fold-right procedure start list)
  (%check-procedure "fold-right" procedure)
  (%check-list "fold-right" list)
  (let loop ((result start) (rest (reverse list)))
    (if (null? rest) result (loop (procedure (car rest) result) (cdr rest)))))

(define (reduce procedure start list)
  (if (null? list) start (fold-left (lambda (result x) (procedure x result)) (car list) (cdr list))))

(define (iota count . start-and-step)
  (let ((start (if (pair? start-and-step) (car start-and-step) 0))
        (step (if (and (pair? start-and-step) (pair? (cdr start-and-step))) (cadr start-and-step) 1)))
    (let loop ((i (- count 1)) (list '()))
      (if (< i 0) list (loop (- i 1) (cons (+ start (* i step)) list))))))

; --- sorting: a stable merge sort

(define (%merge a b less?)
  (let loop ((a a) (b b) (merged '()))
    (cond ((null? a) (%append-reverse merged b))
          ((null? b) (%append-reverse merged a))
          ((less? (car b) (car a)) (loop a (cdr b) (cons (car b) merged)))
          (else (loop (cdr a) b (cons (car a) merged))))))

(define (%append-reverse list tail)
  (if (null? list) tail (%append-reverse (cdr list) (cons (car list) tail))))

(define (%sort-list list length less?)
  (if (< length 2)
      (if (= length 0) '() (cons (car list) '()))
      (let ((half (quotient length 2)))
        (%merge (%sort-list list half less?)
                (%sort-list (list-tail list half) (- length half) less?)
                less?))))

(define (sort sequence less?)
  (%check-procedure "sort" less?)
  (if (vector? sequence)
      (list->vector (sort (vector->list sequence) less?))
      (%sort-list sequence (length sequence) less?)))

; --- vectors and strings

(define (vector-map procedure vector . vectors)
  (%check-procedure "vector-map" procedure)
  (list->vector (apply map procedure (vector->list vector) (%map1 vector->list vectors))))

(define (vector-for-each procedure vector . vectors)
  (%check-procedure "vector-for-each" procedure)
  (if (null? vectors)
      (let ((length (vector-length vector)))
        (let loop ((i 0))
          (when (< i length)
            (procedure (vector-ref vector i))
            (loop (+ i 1)))))
      (apply for-each procedure (vector->list vector) (%map1 vector->list vectors))))

(define (vector->string vector . range)
  (list->string (apply vector->list vector range)))

(define (string->vector string . range)
  (list->vector (apply string->list string range)))

(define (string-map procedure string . strings)
  (%check-procedure "string-map" procedure)
  (list->string (apply map procedure (string->list string) (%map1 string->list strings))))

(define (string-for-each procedure string . strings)
  (%check-procedure "string-for-each" procedure)
  (apply for-each procedure (string->list string) (%map1 string->list strings)))

(define (call-with-output-string procedure)
  (let ((port (open-output-string)))
    (procedure port)
    (get-output-string port)))

; --- control

(define (call-with-values producer consumer)
  (apply consumer (%values->list (producer))))

; Where the program is between dynamic-winds: a list of (before . after), innermost first. A continuation remembers the
; list of its capture; entering it leaves and enters what lies between.
(define %winds '())

(define (dynamic-wind before thunk after)
  (before)
  (set! %winds (cons (cons before after) %winds))
  (call-with-values thunk
    (lambda results
      (set! %winds (cdr %winds))
      (after)
      (apply values results))))

(define (%rewind target)
  (if (not (eq? %winds target))
      (let ((here (length %winds)) (there (length target)))
        (cond ((< here there)
               (%rewind (cdr target))
               ((caar target))
               (set! %winds target))
              (else
               (let ((after (cdar %winds)))
                 (set! %winds (cdr %winds))
                 (after)
                 (%rewind target)))))))

(define (call-with-current-continuation receiver)
  (%check-procedure "call/cc" receiver)
  (let ((winds %winds))
    (%call/cc
     (lambda (continuation)
       (receiver
        (lambda results
          (%rewind winds)
          (apply continuation results)))))))

(define call/cc call-with-current-continuation)
