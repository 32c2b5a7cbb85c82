; SPDX-License-Identifier: MIT
;
; Hash tables with chains, written in Scheme, under a long mixture of insertions, updates and deletions: many objects
; that live long, in an order of dying that has nothing to do with the order of birth. Most stores are into old objects.
;
;     pinfold-scheme hash-tables.scm [SIZE [OPERATIONS]]
;
; SIZE bounds the number of entries of each of three tables (default 100000, about 60 MB live); OPERATIONS defaults to
; ten times SIZE. The output, a checksum after every tenth of the operations, is the same on every run. Its products need
; integers of 63 bits: not for machines with words of 32.

(define (argument index default)
  (let ((arguments (cdr (command-line))))
    (if (<= (length arguments) index)
        default
        (let ((number (string->number (list-ref arguments index))))
          (if (and number (exact-integer? number) (<= 10 number 10000000))
              number
              (error "hash-tables: not an integer from 10 to 10000000:" (list-ref arguments index)))))))

(define size (argument 0 100000))
(define operations (argument 1 (* 10 size)))

; --- random numbers: a linear congruential generator whose products fit a fixnum

(define seed 42)
(define (random limit)
  (set! seed (remainder (+ (* seed 1103515245) 12345) 2147483648))
  (remainder (quotient seed 8) limit))

; --- tables: #(hash same? count buckets), a bucket a list of (key . value)

(define (make-table hash same?) (vector hash same? 0 (make-vector 16 '())))
(define (table-count table) (vector-ref table 2))
(define (table-buckets table) (vector-ref table 3))

(define (table-index table key)
  (remainder ((vector-ref table 0) key) (vector-length (table-buckets table))))

(define (bucket-find same? key bucket)
  (cond ((null? bucket) #f)
        ((same? key (caar bucket)) (car bucket))
        (else (bucket-find same? key (cdr bucket)))))

(define (table-ref table key default)
  (let ((entry (bucket-find (vector-ref table 1) key
                            (vector-ref (table-buckets table) (table-index table key)))))
    (if entry (cdr entry) default)))

; The pairs of the old buckets become pairs of the new ones.
(define (table-resize! table length)
  (let ((old (table-buckets table)))
    (vector-set! table 3 (make-vector length '()))
    (vector-for-each
     (lambda (bucket)
       (let loop ((rest bucket))
         (when (pair? rest)
           (let ((next (cdr rest))
                 (index (table-index table (caar rest))))
             (set-cdr! rest (vector-ref (table-buckets table) index))
             (vector-set! (table-buckets table) index rest)
             (loop next)))))
     old)))

(define (table-set! table key value)
  (let* ((index (table-index table key))
         (bucket (vector-ref (table-buckets table) index))
         (entry (bucket-find (vector-ref table 1) key bucket)))
    (cond (entry (set-cdr! entry value))
          (else
           (vector-set! (table-buckets table) index (cons (cons key value) bucket))
           (vector-set! table 2 (+ (table-count table) 1))
           (if (> (table-count table) (* 2 (vector-length (table-buckets table))))
               (table-resize! table (* 2 (vector-length (table-buckets table)))))))))

(define (table-delete! table key)
  (let* ((buckets (table-buckets table))
         (index (table-index table key))
         (same? (vector-ref table 1)))
    (define (found!)
      (vector-set! table 2 (- (table-count table) 1))
      (if (and (> (vector-length buckets) 16)
               (< (* 4 (table-count table)) (vector-length buckets)))
          (table-resize! table (quotient (vector-length buckets) 2)))
      #t)
    (let loop ((previous #f) (bucket (vector-ref buckets index)))
      (cond ((null? bucket) #f)
            ((not (same? key (caar bucket))) (loop bucket (cdr bucket)))
            (previous (set-cdr! previous (cdr bucket)) (found!))
            (else (vector-set! buckets index (cdr bucket)) (found!))))))

(define (table-fold procedure start table)
  (let ((buckets (table-buckets table)))
    (let loop ((i 0) (result start))
      (if (= i (vector-length buckets))
          result
          (loop (+ i 1) (fold-left (lambda (result entry) (procedure (car entry) (cdr entry) result))
                                   result
                                   (vector-ref buckets i)))))))

; --- three kinds of keys

(define (hash-integer key) (remainder (* key 40503) 1048573))

(define (hash-string key)
  (let ((length (string-length key)))
    (let loop ((i 0) (hash 5381))
      (if (= i length)
          hash
          (loop (+ i 1) (remainder (+ (* hash 33) (char->integer (string-ref key i))) 16777213))))))

(define (hash-list key)
  (fold-left (lambda (hash part) (remainder (+ (* hash 10007) part) 16777213)) 7 key))

(define (list-key number)
  (list (quotient number 10000) (quotient (remainder number 10000) 100) (remainder number 100)))

(define integers (make-table hash-integer =))
(define strings (make-table hash-string string=?))
(define lists (make-table hash-list equal?))

; What tables hold: something whose size varies, and from which a number can be had again.
(define (make-payload number)
  (case (remainder number 4)
    ((0) (number->string number))
    ((1) (make-vector (+ 1 (remainder number 13)) number))
    ((2) (list number (* number 0.5) 'payload))
    (else (lambda (x) (+ x number)))))

(define (payload-number payload)
  (cond ((string? payload) (string->number payload))
        ((vector? payload) (vector-ref payload (- (vector-length payload) 1)))
        ((pair? payload) (exact (* 2 (cadr payload))))
        (else (payload 0))))

(define (operate!)
  (let ((number (random (* 2 size)))
        (payload (make-payload (random 1000000))))
    (if (< (random 100) 60)
        (begin
          (table-set! integers number payload)
          (table-set! strings (number->string number 36) payload)
          (table-set! lists (list-key number) (cons payload number)))
        (begin
          (table-delete! integers number)
          (table-delete! strings (number->string number 36))
          (table-delete! lists (list-key number))))))

; --- the three tables always hold the same numbers with the same payloads

(define modulus 1000000007)

(define (checksum)
  (table-fold
   (lambda (number payload sum)
     (let ((same (table-ref strings (number->string number 36) #f))
           (paired (table-ref lists (list-key number) #f)))
       (if (not (and (eq? payload same) (eq? payload (car paired)) (= number (cdr paired))))
           (error "hash-tables: the tables disagree about" number))
       (remainder (+ sum (* (+ number 1) (payload-number payload))) modulus)))
   0
   integers))

(define (main)
  (do ((tenth 1 (+ tenth 1))) ((> tenth 10))
    (do ((i 0 (+ i 1))) ((= i (quotient operations 10)))
      (operate!))
    (display (list 'tenth tenth
                   'entries (table-count integers) (table-count strings) (table-count lists)
                   'buckets (vector-length (table-buckets integers))
                   'checksum (checksum)))
    (newline)))

(main)
