# Records test outcomes of Minitest, test-unit and RSpec as JSON lines, one file per process.
# Loaded by `RUBYOPT=-r…` into every Ruby process of a test step; read by `reports/recorder.rs`,
# which documents the records. Needs no library, and its own faults never reach the suite: the
# missing end record then says that the record is not whole.
module RepoRunnerRecorder
  FOLDER = ENV["REPO_RUNNER_REPORTS"]
  NONCE = ENV["REPO_RUNNER_NONCE"].to_s
  PID = Process.pid

  class Writer
    def initialize(runner)
      name = format("recorder-%d-%08x.jsonl", PID, Random.rand(1 << 32))
      @file = File.open(File.join(FOLDER, name), File::WRONLY | File::CREAT | File::EXCL | File::APPEND, 0o600)
      @file.sync = true
      @file.close_on_exec = true
      @lock = Mutex.new
      @number = 0
      @outcomes = {}
      write("e" => "start", "v" => 1, "runner" => runner, "nonce" => NONCE)
      # What tests start must not record itself.
      ENV.delete("REPO_RUNNER_NONCE")
      ENV.delete("REPO_RUNNER_REPORTS")
    end

    def found(count)
      write("e" => "found", "n" => count)
    end

    def begin(id)
      write("e" => "begin", "id" => id)
    end

    def case(id, outcome, seconds, message = nil)
      record = { "e" => "case", "id" => id, "o" => outcome, "s" => (seconds || 0).to_f.round(4) }
      record["m"] = clip(message) if message && !message.empty?
      @lock.synchronize { @outcomes[id] = outcome }
      write(record)
    end

    def doubt(message)
      write("e" => "doubt", "m" => clip(message))
    end

    def finish(ok)
      return if @ended
      @ended = true
      counts = Hash.new(0)
      @outcomes.each_value { |outcome| counts[outcome] += 1 }
      write("e" => "end", "counts" => counts, "ok" => ok ? true : false, "nonce" => NONCE)
    end

    private

    def write(record)
      return unless Process.pid == PID
      @lock.synchronize do
        @number += 1
        record["n#"] = @number
        @file.write(json(record) + "\n")
      end
    end

    def json(value)
      case value
      when Hash then "{" + value.map { |k, v| "#{json(k.to_s)}:#{json(v)}" }.join(",") + "}"
      when String then quoted(value)
      when true, false, Integer then value.to_s
      when Float then value.finite? ? value.to_s : "0.0"
      else quoted(value.to_s)
      end
    end

    def quoted(text)
      text = text.dup.force_encoding(Encoding::UTF_8) if text.encoding == Encoding::BINARY
      text = text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
      escaped = text.gsub(/["\\\u0000-\u001f]/) do |c|
        case c
        when '"' then '\\"'
        when "\\" then "\\\\"
        when "\n" then "\\n"
        when "\t" then "\\t"
        else format("\\u%04x", c.ord)
        end
      end
      "\"#{escaped}\""
    end

    def clip(text)
      text = text.to_s
      text.length > 4000 ? "#{text[0, 1000]}\n[...]\n#{text[-2900, 2900]}" : text
    end
  end

  class << self
    attr_reader :writer

    def start(runner)
      return @writer if @writer || FOLDER.nil? || !File.directory?(FOLDER) || Process.pid != PID
      @writer = Writer.new(runner)
    end

    # Runs a recording block; our own faults are nobody else's.
    def guarded
      yield if @writer && Process.pid == PID
    rescue StandardError
      nil
    end

    # Patches what has been loaded by now and is not patched yet.
    def look
      minitest if !@minitest && defined?(::Minitest::CompositeReporter) && ::Minitest::CompositeReporter.method_defined?(:report)
      rspec if !@rspec && defined?(::RSpec::Core::Reporter) && ::RSpec::Core::Reporter.method_defined?(:example_failed)
      test_unit if !@test_unit && defined?(::Test::Unit::UI::TestRunnerMediator) && defined?(::Test::Unit::TestCase) && ::Test::Unit::TestCase.method_defined?(:run)
    rescue StandardError
      nil
    end

    def minitest
      @minitest = true
      ::Minitest::CompositeReporter.prepend(MinitestReporter)
    end

    def rspec
      @rspec = true
      ::RSpec::Core::Reporter.prepend(RSpecReporter)
    end

    def test_unit
      @test_unit = true
      ::Test::Unit::TestCase.prepend(TestUnitCase)
      ::Test::Unit::UI::TestRunnerMediator.prepend(TestUnitMediator)
    end
  end

  # The one reporter that Minitest always has on top, whatever other reporters are in use.
  module MinitestReporter
    def start
      RepoRunnerRecorder.start("minitest")
      super
    end

    def prerecord(klass, name)
      RepoRunnerRecorder.guarded { RepoRunnerRecorder.writer.begin("#{klass}##{name}") }
      super
    end

    def record(result)
      RepoRunnerRecorder.guarded do
        klass = result.respond_to?(:klass) ? result.klass : result.class.name
        outcome =
          if result.skipped? then "skipped"
          elsif result.error? then "errored"
          elsif result.failures.any? then "failed"
          else "passed"
          end
        message = result.failures.map { |failure| "#{failure.message}\n#{Array(failure.backtrace).first(8).join("\n")}" }
        RepoRunnerRecorder.writer.case("#{klass}##{result.name}", outcome, result.time, outcome == "passed" ? nil : message.join("\n"))
      end
      super
    end

    def report
      super
    ensure
      RepoRunnerRecorder.guarded { RepoRunnerRecorder.writer.finish(passed?) }
    end
  end

  module RSpecReporter
    def start(expected, *rest)
      RepoRunnerRecorder.start("rspec")
      RepoRunnerRecorder.guarded { RepoRunnerRecorder.writer.found(expected) }
      super
    end

    def example_started(example)
      RepoRunnerRecorder.guarded { RepoRunnerRecorder.writer.begin(RSpecReporter.id(example)) }
      super
    end

    def example_passed(example)
      RSpecReporter.done(example, "passed")
      super
    end

    def example_failed(example)
      RSpecReporter.done(example, "failed")
      super
    end

    def example_pending(example)
      RSpecReporter.done(example, "skipped")
      super
    end

    def notify_non_example_exception(exception, context)
      RepoRunnerRecorder.start("rspec")
      RepoRunnerRecorder.guarded do
        RepoRunnerRecorder.writer.case(context.to_s.strip, "errored", 0, "#{exception.class}: #{exception.message}")
      end
      super
    end

    def finish
      super
    ensure
      RepoRunnerRecorder.guarded { RepoRunnerRecorder.writer.finish(true) }
    end

    def self.id(example)
      "#{example.id} #{example.full_description}"
    end

    def self.done(example, outcome)
      RepoRunnerRecorder.guarded do
        result = example.execution_result
        error = result.exception
        message = error && "#{error.class}: #{error.message}\n#{Array(error.backtrace).first(8).join("\n")}"
        message ||= result.pending_message
        RepoRunnerRecorder.writer.case(id(example), outcome, result.run_time, outcome == "passed" ? nil : message.to_s)
      end
    end
  end

  module TestUnitCase
    def run(result, *rest, **options)
      recorder = RepoRunnerRecorder
      id = respond_to?(:name) ? name : to_s
      before = nil
      recorder.guarded do
        before = TestUnitCase.counts(result)
        recorder.writer.begin(id)
      end
      started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      options.empty? ? super(result, *rest) { |*event| yield(*event) if block_given? } : super(result, *rest, **options) { |*event| yield(*event) if block_given? }
    ensure
      recorder.guarded do
        after = TestUnitCase.counts(result)
        outcome = %w[errored failed skipped].zip(after.zip(before)).find { |_, (now, was)| now > was }
        seconds = Process.clock_gettime(Process::CLOCK_MONOTONIC) - started
        message = outcome && result.faults.last.to_s
        recorder.writer.case(id, outcome ? outcome.first : "passed", seconds, message)
      end
    end

    def self.counts(result)
      [result.error_count, result.failure_count, result.omission_count + result.pending_count]
    end
  end

  module TestUnitMediator
    def run
      RepoRunnerRecorder.start("test-unit")
      result = super
      RepoRunnerRecorder.guarded { RepoRunnerRecorder.writer.finish(true) }
      result
    end
  end
end

if RepoRunnerRecorder::FOLDER
  # Libraries are patched when the `require` that brought them returns.
  module Kernel
    alias_method :repo_runner_require, :require
    private :repo_runner_require

    def require(path)
      loaded = repo_runner_require(path)
      RepoRunnerRecorder.look if loaded
      loaded
    end
    private :require
  end
end
