INSERT INTO events (body) VALUES (:body);
