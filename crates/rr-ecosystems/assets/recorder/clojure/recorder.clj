;; Records clojure.test's outcomes as JSON lines, one file per process. Loaded by Leiningen's
;; `:injections` before the suite; read by `reports/recorder.rs`, which documents the records.
(ns repo-runner.recorder
  (:require [clojure.test :as t] [clojure.string :as string]))

(def folder (System/getenv "REPO_RUNNER_REPORTS"))
(def nonce (or (System/getenv "REPO_RUNNER_NONCE") ""))
(def state (atom {:number 0 :outcomes {} :writer nil}))

(defn quoted [text]
  (str \" (string/replace text #"[\"\\\u0000-\u001f]" #(format "\\u%04x" (int (first %)))) \"))

(defn json [value]
  (cond
    (map? value) (str "{" (string/join "," (map (fn [[k v]] (str (quoted (name k)) ":" (json v))) value)) "}")
    (or (number? value) (boolean? value)) (str value)
    :else (quoted (str value))))

(defn write [record]
  (locking state
    (when-not (:writer @state)
      (let [path (str folder "/recorder-" (System/nanoTime) ".jsonl")]
        (swap! state assoc :writer (java.io.FileWriter. ^String path))))
    (let [number (:number (swap! state update :number inc))
          ^java.io.Writer writer (:writer @state)]
      (.write writer (str (json (assoc record :n# number)) "\n"))
      (.flush writer))))

(defn id [v] (str (:ns (meta v)) "/" (:name (meta v))))

(def worst {"passed" 0 "failed" 1 "errored" 2})

(defn note [outcome m]
  (when-let [v (last t/*testing-vars*)]
    (swap! state update-in [:open (id v)]
           (fn [{old :o message :m}]
             {:o (if (> (worst outcome) (worst old -1)) outcome old)
              :m (if (= outcome "passed") message
                     (str message (t/testing-vars-str m) " " (t/testing-contexts-str) "\nexpected: "
                          (pr-str (:expected m)) "\n  actual: " (pr-str (:actual m)) "\n"))}))))

(defn finish [v]
  (let [{outcome :o message :m} (get-in @state [:open (id v)])
        outcome (or outcome "skipped")]
    (swap! state (fn [s] (-> s (update :open dissoc (id v)) (assoc-in [:outcomes (id v)] outcome))))
    (write {:e "case" :id (id v) :o outcome :s 0.0
            :m (if message (subs message 0 (min 4000 (count message))) "")})))

(defn summary []
  (write {:e "end" :ok true :nonce nonce :counts (frequencies (vals (:outcomes @state)))}))

(when folder
  (write {:e "start" :v 1 :runner "clojure-test" :nonce nonce})
  ;; Every way to run clojure.test reports through this function, whatever prints the results.
  (alter-var-root #'t/do-report
    (fn [report]
      (fn [m]
        (case (:type m)
          :begin-test-var (write {:e "begin" :id (id (:var m))})
          :pass (note "passed" m)
          :fail (note "failed" m)
          :error (note "errored" m)
          nil)
        (let [result (report m)]
          (case (:type m)
            :end-test-var (finish (:var m))
            :summary (summary)
            nil)
          result)))))
