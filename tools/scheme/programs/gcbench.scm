; SPDX-License-Identifier: MIT
;
; GCBench, the benchmark of Ellis, Kovac and Boehm: trees of two heights' worth of short-lived nodes, built bottom-up and
; top-down, beside a tree and an array that live to the end.
;
;     pinfold-scheme gcbench.scm [DEPTH [time]]
;
; DEPTH is that of the long-lived tree and of the deepest short-lived ones (default 18); the stretch tree is two levels
; deeper. `time` adds times and the collector's figures; without it the output is the same every time.

(define arguments (cdr (command-line)))

(define max-depth
  (if (null? arguments)
      18
      (let ((depth (string->number (car arguments))))
        (if (and depth (exact-integer? depth) (<= 4 depth 24))
            depth
            (error "gcbench: the depth has to be an integer from 4 to 24, not" (car arguments))))))

(define with-times? (and (pair? arguments) (pair? (cdr arguments)) (string=? (cadr arguments) "time")))

(define min-depth 4)
(define stretch-depth (+ max-depth 2))
(define array-size (if (< max-depth 12) 1000 500000))

; A node: left, right, and two integers.
(define (make-node left right) (vector left right 0 0))
(define (node-left node) (vector-ref node 0))
(define (node-right node) (vector-ref node 1))

; Nodes in a tree of this depth.
(define (tree-size depth) (- (expt 2 (+ depth 1)) 1))

; So many trees of a depth are built that each depth allocates as much as the stretch tree, twice.
(define (iterations depth) (quotient (* 2 (tree-size stretch-depth)) (tree-size depth)))

; Top down: a node gets its children after it exists, which are old-to-young stores when it survives a collection.
(define (populate depth node)
  (when (> depth 0)
    (vector-set! node 0 (make-node '() '()))
    (vector-set! node 1 (make-node '() '()))
    (populate (- depth 1) (node-left node))
    (populate (- depth 1) (node-right node))))

; Bottom up: children first.
(define (make-tree depth)
  (if (<= depth 0)
      (make-node '() '())
      (let ((left (make-tree (- depth 1))))
        (make-node left (make-tree (- depth 1))))))

(define (count-nodes node)
  (if (null? node)
      0
      (+ 1 (count-nodes (node-left node)) (count-nodes (node-right node)))))

(define (elapsed-milliseconds start)
  (quotient (* 1000 (- (current-jiffy) start)) (jiffies-per-second)))

(define (show . parts)
  (for-each display parts)
  (newline))

(define (timed what thunk)
  (let ((start (current-jiffy)))
    (thunk)
    (if with-times? (show "    " what ": " (elapsed-milliseconds start) " ms"))))

(define (time-construction depth)
  (let ((count (iterations depth)))
    (show "Creating " count " trees of depth " depth)
    (timed "top down"
           (lambda ()
             (do ((i 0 (+ i 1))) ((= i count))
               (populate depth (make-node '() '())))))
    (timed "bottom up"
           (lambda ()
             (do ((i 0 (+ i 1))) ((= i count))
               (make-tree depth))))))

(define (make-array)
  (let ((array (make-vector array-size 0.0)))
    (do ((i 1 (+ i 1))) ((= i (quotient array-size 2)) array)
      (vector-set! array i (/ 1.0 i)))))

(define (main)
  (let ((start (current-jiffy)))
    (show "Stretching memory with a tree of depth " stretch-depth)
    (timed "stretch" (lambda () (make-tree stretch-depth)))
    (show "Creating a long-lived tree of depth " max-depth)
    (let ((long-lived-tree (make-node '() '())))
      (populate max-depth long-lived-tree)
      (show "Creating a long-lived array of " array-size " flonums")
      (let ((array (make-array)))
        (do ((depth min-depth (+ depth 2))) ((> depth max-depth))
          (time-construction depth))
        (if (not (= (vector-ref array 100) (/ 1.0 100)))
            (error "gcbench: the long-lived array is damaged"))
        (let ((nodes (count-nodes long-lived-tree)))
          (if (not (= nodes (tree-size max-depth)))
              (error "gcbench: the long-lived tree is damaged; nodes" nodes))
          (show "Long-lived: " nodes " nodes"))))
    (when with-times?
      (show "Completed in " (elapsed-milliseconds start) " ms")
      (for-each (lambda (figure) (show "    " (car figure) " " (cdr figure))) (gc-statistics)))))

(main)
